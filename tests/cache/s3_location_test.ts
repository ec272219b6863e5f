import assert from "node:assert/strict";
import { parseS3Location } from "../../cache/stores/s3/s3_location.ts";
import { readListPage } from "../../cache/stores/s3/s3_xml.ts";
import { isBrecciaError } from "../../src/errors.ts";

Deno.test("a bucket's URL names bucket, prefix, endpoint and region", () => {
  assert.deepEqual(parseS3Location("s3://b/apps/one/?endpoint=http://ceph:7480&region=default"), {
    bucket: "b",
    prefix: "apps/one",
    endpoint: new URL("http://ceph:7480"),
    region: "default",
  });
  assert.equal(
    parseS3Location("s3://b?region=eu-west-1").endpoint.href,
    "https://s3.eu-west-1.amazonaws.com/",
  );
});

Deno.test("a bucket's URL with credentials, unknown parameters or no bucket is refused", () => {
  for (
    const location of [
      "s3://AKIA:hush@b",
      "s3://b?endpoint=ftp://x",
      "s3://b?profile=x",
      "s3://",
      "https://b",
      "s3://b/%hush",
      "s3://b/%ff",
      "s3://b?endpoint=http://user:hush@host",
      "s3://b?endpoint=https://hush@host",
      "s3://b?endpoint=https://host/?token=hush",
      "s3://b?hush=1",
      "s3://b?endpoint=hush",
      "s3://b?region=evil.test/hush",
      "s3://b?region=x@evil.test",
      "s3://b?region=",
      "s3://b?region=eu&region=us",
      'AKIA"hush"@b',
    ]
  ) {
    assert.throws(() => parseS3Location(location), (error) => {
      assert.match(String(error), /^BrecciaError: Cannot use [^\n]+$/);
      assert.doesNotMatch(String(error), /hush|evil/);
      return isBrecciaError(error, "usage");
    });
  }
});

Deno.test("a list that says there is more and not where is refused, not taken for the end", () => {
  const page = (truncated: string) => `<R><IsTruncated>${truncated}</IsTruncated></R>`;
  assert.deepEqual(readListPage(page("false")), { objects: [], next: undefined });
  for (const broken of [page("true"), "<html>It works!</html>", ""]) {
    assert.throws(() => readListPage(broken), (error) => isBrecciaError(error, "storage-failed"));
  }
});
