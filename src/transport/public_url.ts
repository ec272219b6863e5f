/**
 * What of URLs may be shown: in errors, logs and pages. Their user name and password are secrets, and so
 * is often their query (a presigned URL, `?token=…`) or fragment.
 *
 * @module
 */

/**
 * A URL, up to the space or quote that ends it: inside URLs both are encoded. People who type a password don't
 * know that, so that what stands before an `@` belongs to it whatever it is.
 */
const URL_IN_TEXT = /\b([a-z][a-z0-9+.-]*:\/\/)((?:[^\s<>]*@)?[^\s"<>]*)/gi;

/** Host, or address, and port. */
const HOST = /^(?:\[[\da-f:.]+\]|[^:@[\]]*)(?::\d{0,5})?$/i;

/** The URL without user, password, query and fragment, for messages. */
export function publicUrl(url: URL): string {
  return withoutUrlSecrets(url.href);
}

/** For `JSON.stringify`: cuts secrets in each text by itself. In the line they could take quotes along. */
export function cutUrlSecrets(_: string, value: unknown): unknown {
  return typeof value === "string" ? withoutUrlSecrets(value) : value;
}

/** `text` with every URL in it cut down to what may be shown. */
export function withoutUrlSecrets(text: string): string {
  return text.replaceAll(URL_IN_TEXT, (_, scheme: string, rest: string) => {
    const [path = "", secret = ""] = rest.split(/[?#](.*)/s);
    const [authority = ""] = path.split("/", 1);
    const host = authority.slice(authority.lastIndexOf("@") + 1);
    // The punctuation of the sentence around it stays.
    const end = /[):;,.]*$/.exec(secret)?.[0] ?? "";
    // A password with an unencoded slash or question mark reads as host and port: then nothing is shown.
    if (!HOST.test(host.replace(/[):;,.]*$/, ""))) return `${scheme}…${end}`;
    return scheme + host + path.slice(authority.length) + end;
  });
}
