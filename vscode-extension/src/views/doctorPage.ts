// What `warmline doctor --json` finds, as a page. No editor in here.
import { asObject, asText, objectsIn, type JsonObject } from "../json";
import { html, NOTHING, type Html } from "./html";

const MARKS: Record<string, string> = {
  works: "✓ works",
  warning: "! warning",
  broken: "✗ broken",
};

/** The findings as a table. Throws where the text is not what the doctor prints. */
export function doctorContent(text: string): Html {
  const report = asObject(JSON.parse(text));
  const summary =
    report["works"] === true
      ? "Everything that is needed works."
      : "Something that is needed does not work; see what to do below.";
  return html`<h1>What works, and what to do about the rest</h1>
    <p role="status">${summary}</p>
    <table>
      <thead>
        <tr>
          <th scope="col">state</th>
          <th scope="col">what</th>
          <th scope="col">found</th>
        </tr>
      </thead>
      <tbody>
        ${objectsIn(report["findings"]).map(row)}
      </tbody>
    </table>`;
}

function row(finding: JsonObject): Html {
  const verdict = asText(finding["verdict"]);
  const advice = asText(finding["advice"]);
  return html`<tr>
    <td class="verdict ${verdict}">${MARKS[verdict] ?? verdict}</td>
    <td>${asText(finding["subject"])}</td>
    <td>
      ${asText(finding["found"])}
      ${advice === "" ? NOTHING : html`<p><strong>${advice}</strong></p>`}
    </td>
  </tr>`;
}
