/**
 * The publisher's host: any HTTP server that serves files will do, and this one does nothing else. No
 * part of Breccia runs here.
 */
export function serveFiles(folder: string): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname);
    if (path.split("/").includes("..")) return new Response(null, { status: 404 });
    try {
      const file = await Deno.open(`${folder}${path}`);
      return new Response(file.readable);
    } catch {
      return new Response(null, { status: 404 });
    }
  });
}
