/**
 * Reads the URL that it is given with a short patience, says how many bytes it has, and ends with how it went.
 * The process that its test stops and lets go on.
 */

import { HttpClient } from "../../src/transport/mod.ts";

const http = new HttpClient({ fetch, timeouts: { headers: 2000, idle: 2000 } });
const answer = await http.send({ url: new URL(Deno.args[0]!), maxBytes: 100 });
let received = 0;
try {
  for await (const part of answer.body) {
    received += part.length;
    console.log(`has ${received}`);
  }
  console.log("whole");
} catch (error) {
  console.log(String(error));
}
