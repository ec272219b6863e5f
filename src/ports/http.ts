/**
 * The HTTP client of the core: the web's `fetch`, narrowed to one argument so that a Hono app's
 * `fetch`, a simulator or a proxy-aware client can stand in for it. It resolves with any status,
 * rejects only when there is no response, and honours `request.signal`.
 */
export type Fetch = (request: Request) => Promise<Response> | Response;
