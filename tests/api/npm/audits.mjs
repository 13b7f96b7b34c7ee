// Runs graphql-http's audits of GraphQL over HTTP against the URL given, and prints each that is not met.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.argv[2] });
const unmet = results.filter((result) => result.status !== "ok");
for (const { id, name, status, reason } of unmet) console.log(`${status} ${id} ${name}: ${reason}`);
console.log(`${results.length - unmet.length} of ${results.length} audits are met`);
