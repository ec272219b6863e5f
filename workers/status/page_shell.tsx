import type { FC, PropsWithChildren } from "hono/jsx";
import { raw } from "hono/html";
import { STATUS_STYLE } from "./status_style.ts";

/** What stands above a page's content. */
export interface PageShellProps {
  /** Before the product's name, in the title. */
  readonly title: string;
  /** How it fares: the class of its colour. */
  readonly state: string;
  /** That in words. */
  readonly words: string;
}

/** A page for people, without scripts, that asks for itself again every half minute. */
export const PageShell: FC<PropsWithChildren<PageShellProps>> = (
  { title, state, words, children }: PropsWithChildren<PageShellProps>,
): ReturnType<FC> => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta http-equiv="refresh" content="30" />
      <meta name="color-scheme" content="light dark" />
      <title>{title} · Breccia edge</title>
      <style>{raw(STATUS_STYLE)}</style>
    </head>
    <body>
      <header>
        <h1>Breccia edge</h1>
        <p class={`state ${state}`}>{words}</p>
      </header>
      <main>{children}</main>
    </body>
  </html>
);
