// Subscribes with graphql-sse's own client to the URL given, and prints each event as a line of JSON.
import { createClient } from "graphql-sse";

const [url, query, token] = process.argv.slice(2);
const headers = token ? { Authorization: `Bearer ${token}` } : {};
const client = createClient({ url, headers, retryAttempts: 0 });
for await (const event of client.iterate({ query })) console.log(JSON.stringify(event));
console.log("complete");
