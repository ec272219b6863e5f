import type { ServedFile, ServedGeneration, ServedTarget } from "../../src/mirror/mod.ts";
import { availableDictionary, useAsDictionary } from "./available_dictionary.ts";
import { AcceptedCodings } from "./content_coding.ts";
import { type DictionaryRules, webType } from "./dictionary_rules.ts";
import type { DictionaryOffer, FileOptions } from "./file_response.ts";
import type { CachePolicy } from "./headers.ts";

/** Where targets are served, and which are web assets. */
export interface TargetRoute {
  /** What stands before `/targets/` in URLs: nothing, or `/NAME`. */
  readonly prefix: string;
  /** Which targets are dictionaries of one another. */
  readonly dictionaries: DictionaryRules | undefined;
}

/** A target that was asked for, and how it is sent. */
export interface FoundTarget {
  readonly file: ServedFile;
  readonly policy: CachePolicy;
  readonly options: FileOptions;
}

/** The target at `path` below `/targets/`, as `request` wants it; `undefined` when there is none. */
export async function findTarget(
  request: Request,
  path: string,
  served: ServedGeneration | undefined,
  { prefix, dictionaries }: TargetRoute,
): Promise<FoundTarget | undefined> {
  const location = decoded(path);
  const target = location === undefined ? undefined : await served?.target(location);
  if (served === undefined || target === undefined) return undefined;
  const { file, immutable } = target;
  const policy = immutable ? "immutable" : "pointer";
  const pattern = dictionaries?.patternOf(path);
  if (pattern === undefined) return { file, policy, options: {} };
  const form = await dictionaryForm(request, served, target);
  const contentType = webType(path);
  const dictionary: DictionaryOffer = {
    // What is fresh for seconds only is a dictionary for seconds only (RFC 9842, section 2.2.3).
    ...(immutable && { use: useAsDictionary(`${prefix}/targets/${pattern}`) }),
    ...(form && { form }),
  };
  return {
    file,
    policy,
    options: { dictionary, ...(contentType !== undefined && { contentType }) },
  };
}

/** The target for a client that offers a dictionary, wants the whole, and takes `dcz`. */
async function dictionaryForm(
  { headers }: Request,
  served: ServedGeneration,
  target: ServedTarget,
): ReturnType<ServedGeneration["dictionaryForm"]> {
  const dictionary = availableDictionary(headers);
  if (dictionary === undefined || headers.has("range")) return undefined;
  if (!new AcceptedCodings(headers.get("accept-encoding")).prefers("dcz")) return undefined;
  return await served.dictionaryForm(target, dictionary);
}

/** The path that a URL's path names, or `undefined` when it is no well-formed percent-encoding. */
function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
