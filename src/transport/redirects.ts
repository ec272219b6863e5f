import { BrecciaError } from "../errors.ts";
import { TRANSPORT_LIMITS } from "../limits.ts";
import type { Fetch } from "../ports/mod.ts";
import { isInnerHost } from "./inner_host.ts";
import { withoutUrlSecrets } from "./public_url.ts";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** What goes along to another server: nothing that tells who asks. Stops leaks of tokens and cookies. */
const HARMLESS_HEADERS: readonly string[] = ["accept", "accept-encoding", "range"];

/**
 * Where redirects may lead beyond the server that was asked: `nowhere`, for servers inside a network, which
 * must not be led by their upstream to what only they can reach; or `public`, for devices, to any other
 * public server by `https:`, as release hosts and content networks do.
 */
export type RedirectReach = "nowhere" | "public";

/**
 * A fetch that follows at most `TRANSPORT_LIMITS.redirects` redirects, for GET and HEAD: to the server
 * that was asked and from `http:` to `https:` there, with all that was sent; elsewhere as far as `reach`
 * lets it, and then without credentials, cookies or any header but what names the bytes that are wanted.
 * In browsers, which don't show where a redirect leads, the browser's own rules hold instead.
 *
 * @see docs/adr/0056-redirects.md
 * @throws {BrecciaError} `http-malformed` when a redirect leads where it may not, nowhere, or on and on;
 * what `fetch` throws.
 */
export function followRedirects(fetch: Fetch, reach: RedirectReach): Fetch {
  return async (request) => {
    let asked = request;
    for (let followed = 0; followed <= TRANSPORT_LIMITS.redirects; followed++) {
      const response = await fetch(new Request(asked, { redirect: "manual" }));
      if (response.type === "opaqueredirect") return await fetch(asked);
      if (!REDIRECTS.has(response.status)) return response;
      await response.body?.cancel();
      asked = nextRequest(asked, response.headers.get("location"), reach);
    }
    throw refused(request.url, `it redirects more than ${TRANSPORT_LIMITS.redirects} times`);
  };
}

function nextRequest(asked: Request, location: string | null, reach: RedirectReach): Request {
  const { url, method, signal } = asked;
  const from = new URL(url);
  const to = location === null ? null : URL.parse(location, url);
  if (to === null) throw refused(url, "it redirects to nowhere");
  const sameServer = to.origin === from.origin;
  const secured = from.protocol === "http:" && to.protocol === "https:" && from.port === "" &&
    to.port === "" && to.hostname === from.hostname;
  const elsewhere = !sameServer && !secured;
  if (elsewhere && !(reach === "public" && mayLead(from, to)) || !/^https?:$/.test(to.protocol)) {
    throw refused(
      url,
      `it redirects to ${
        to.origin === "null" ? to.protocol : to.origin
      }, as a captive portal or proxy may`,
    );
  }
  if (method !== "GET" && method !== "HEAD") throw refused(url, `it redirects a ${method}`);
  // What a server writes before the host would be sent as credentials.
  [to.username, to.password] = ["", ""];
  return elsewhere
    ? new Request(to, { method, headers: harmless(asked.headers), signal })
    : new Request(to, asked);
}

/** Whether a device may be led from one server to another: upwards in safety, never into a network. */
function mayLead(from: URL, to: URL): boolean {
  return to.protocol === "https:" && (isInnerHost(from.hostname) || !isInnerHost(to.hostname));
}

function harmless(headers: Headers): Headers {
  return new Headers([...headers].filter(([name]) => HARMLESS_HEADERS.includes(name)));
}

function refused(url: string, why: string): BrecciaError {
  return new BrecciaError(
    "http-malformed",
    `Cannot use the answer of ${
      withoutUrlSecrets(url)
    }: ${why}; log in there, or give the address where the files are`,
  );
}
