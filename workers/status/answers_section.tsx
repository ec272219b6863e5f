import type { FC } from "hono/jsx";
import { count, percent, size } from "./page_units.ts";
import type { Minute, RouteTotals } from "./traffic.ts";

/** What was answered: over the last hour, and by kind of route since the start. */
export const AnswersSection: FC<{ routes: readonly RouteTotals[]; hour: readonly Minute[] }> = (
  { routes, hour }: { routes: readonly RouteTotals[]; hour: readonly Minute[] },
): ReturnType<FC> => (
  <section>
    <h2>Answers</h2>
    <LastHour hour={hour} />
    <table>
      <thead>
        <tr>
          <th scope="col">Route</th>
          <th scope="col" class="number">Answers</th>
          <th scope="col" class="number">Errors</th>
          <th scope="col" class="number">Sent</th>
        </tr>
      </thead>
      <tbody>
        {routes.map(({ route, answers, errors, bytes }) => (
          <tr key={route}>
            <th scope="row">{route}</th>
            <td class="number">{count(answers)}</td>
            <td class="number">
              {errors === 0 ? "0" : `${count(errors)} (${percent(errors / answers)})`}
            </td>
            <td class="number">{size(bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);

/** A bar for each minute; errors stand at the foot of a bar, at least a hundredth of the height. */
const LastHour: FC<{ hour: readonly Minute[] }> = ({ hour }) => {
  const most = Math.max(...hour.map(({ answers }) => answers));
  const answers = hour.reduce((sum, minute) => sum + minute.answers, 0);
  const errors = hour.reduce((sum, minute) => sum + minute.errors, 0);
  const told =
    `${count(answers)} ${answers === 1 ? "answer" : "answers"} in the last hour, ${
      count(errors)
    } of them errors` +
    (errors === 0 ? "" : ` (${percent(errors / answers)})`);
  return (
    <figure>
      <figcaption>
        <span>{told}</span>
        <span>{count(most)} a minute at most</span>
      </figcaption>
      <svg
        class="hour"
        viewBox={`0 0 ${hour.length} 100`}
        preserveAspectRatio="none"
        role="img"
        aria-label={told}
      >
        <line x1="0" x2={hour.length} y1="50" y2="50" />
        {hour.map(({ answers, errors }, at) => {
          const whole = 100 * answers / Math.max(most, 1);
          const wrong = errors === 0 ? 0 : Math.max(100 * errors / most, 1);
          return (
            <>
              {whole > 0 && <rect x={at + 0.1} y={100 - whole} width="0.8" height={whole} />}
              {wrong > 0 &&
                <rect class="wrong" x={at + 0.1} y={100 - wrong} width="0.8" height={wrong} />}
            </>
          );
        })}
      </svg>
      <div class="axis" aria-hidden="true">
        <span>1 h ago</span>
        <span>30 min</span>
        <span>now</span>
      </div>
    </figure>
  );
};
