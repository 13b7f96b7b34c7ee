// Subscribes with graphql-sse's own client to the URL given, and prints each event as a line of JSON, until the end
// or so many.
import { createClient } from "graphql-sse";

const [url, query, most = Infinity] = process.argv.slice(2);
const client = createClient({ url, retryAttempts: 0 });
let count = 0;
for await (const event of client.iterate({ query })) {
  console.log(JSON.stringify(event));
  if (++count >= most) break;
}
console.log("complete");
