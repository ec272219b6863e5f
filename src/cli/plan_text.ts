import type { UpdatePlan } from "../client/mod.ts";
import { formatTable } from "./output.ts";

/** A plan as `--json` shows it, with the role that signed its release. All sizes in bytes. */
export function planDocument(plan: UpdatePlan, role: string): Record<string, unknown> {
  const { index } = plan.release;
  return {
    app: index.app,
    version: index.version,
    platform: index.platform,
    role,
    bytes: plan.bytes,
    requests: plan.requests.length + (plan.delta?.ranges.length ?? 0),
    mirror: plan.mirror,
    files: plan.changes,
    reasons: plan.reasons,
  };
}

/** A plan for people. */
export function planText(plan: UpdatePlan, role: string): string {
  const { index } = plan.release;
  const { bytes, changes } = plan;
  const table = formatTable([
    ["release", bytes.release, "bytes"],
    ["on this device already", bytes.reused, "bytes"],
    ["full download, compressed", bytes.full, "bytes"],
    ["this update", bytes.total, "bytes"],
  ]);
  const files = `${changes.added.length} files added, ${changes.changed.length} changed, ` +
    `${changes.removed.length} removed`;
  return [`${index.app} ${index.version}, signed by ${role}: ${files}`, table, ...plan.reasons]
    .join("\n");
}
