// The decision-curve page: a slider over the counts that stand in the page. Nothing is fetched.

(() => {
  const root = document.getElementById("net-benefit");
  const data = JSON.parse(document.getElementById("net-benefit-data").textContent);
  const SVG = "http://www.w3.org/2000/svg";
  const BOX = { width: 400, height: 270, left: 46, right: 10, top: 10, bottom: 40 };
  const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#808080"];
  const DASHES = ["", "7 3", "2 3", ""];
  const SETTLED = 300; // ms without a change before the outcome is read out
  const first = data.parts[data.order[0]][data.names[0]];
  const state = { part: data.order[0], at: first.in_use ?? 49 };

  const series = (name) => data.parts[state.part][name];
  const benefit = (s, i) => {
    const t = s.threshold[i];
    return s.tp[i] / s.n - (t / (1 - t)) * (s.fp[i] / s.n);
  };
  const all = (s, i) => {
    const t = s.threshold[i];
    return s.positives / s.n - (t / (1 - t)) * ((s.n - s.positives) / s.n);
  };
  const percent = (share) => `${(100 * share).toFixed(1)} %`;

  function element(name, attributes = {}, text = "") {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }

  function drawn(name, attributes, text = "") {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }

  // The controls ------------------------------------------------------------------------------

  const fields = element("fieldset");
  fields.append(element("legend", {}, "Part"));
  for (const part of data.order) {
    const label = element("label");
    const input = element("input", { type: "radio", name: "net-benefit-part", value: part });
    input.checked = part === state.part;
    input.addEventListener("change", () => { state.part = part; show(); });
    label.append(input, ` ${data.titles[part]}`);
    fields.append(label);
  }
  const label = element("label", { for: "net-benefit-at" });
  const slider = element("input", { type: "range", id: "net-benefit-at", min: 0, step: 1,
    max: first.threshold.length - 1 });
  slider.value = state.at;
  slider.addEventListener("input", () => { state.at = Number(slider.value); show(); });
  const outcome = element("table", { "aria-label": "Outcome at this threshold" });
  const plot = element("div");
  const spoken = element("p", { role: "status", class: "md-visually-hidden" });
  spoken.style.cssText = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
  root.replaceChildren(fields, label, slider, outcome, plot, spoken);

  // What is shown -----------------------------------------------------------------------------

  function rows() {
    const s = series(data.names[0]);
    const kept = data.names.map((name) => {
      const one = series(name);
      const [tp, fp] = [one.tp[state.at], one.fp[state.at]];
      return [name, percent(tp / one.positives), percent(1 - fp / (one.n - one.positives)),
        `${tp + fp} of ${one.n}`, benefit(one, state.at).toFixed(3)];
    });
    return [...kept, ["flag all", percent(1), percent(0), `${s.n} of ${s.n}`,
      all(s, state.at).toFixed(3)], ["flag none", percent(0), percent(1), `0 of ${s.n}`, "0.000"]];
  }

  function fill() {
    const head = element("tr");
    for (const title of ["", "Sensitivity", "Specificity", "Flagged", "Net benefit"]) {
      head.append(title ? element("th", { scope: "col" }, title) : element("td"));
    }
    outcome.replaceChildren(head, ...rows().map(([name, ...cells]) => {
      const row = element("tr");
      row.append(element("th", { scope: "row" }, name), ...cells.map((c) => element("td", {}, c)));
      return row;
    }));
  }

  function figure() {
    const s = series(data.names[0]);
    const lines = [...data.names.map((name) => ({ name, at: (i) => benefit(series(name), i) })),
      { name: "flag all", at: (i) => all(s, i) }];
    const most = Math.max(...lines.flatMap((l) => s.threshold.map((_, i) => l.at(i)))) * 1.05;
    const least = -0.1 * most;
    const x = (t) => BOX.left + t * (BOX.width - BOX.left - BOX.right);
    const y = (v) => BOX.top + ((most - v) / (most - least)) * (BOX.height - BOX.top - BOX.bottom);
    const svg = drawn("svg", { viewBox: `0 0 ${BOX.width} ${BOX.height}`, role: "img",
      "aria-label": `Net benefit by threshold on ${data.titles[state.part]}; the table has its numbers` });
    const line = (x1, y1, x2, y2, more = {}) => svg.append(drawn("line",
      { x1, y1, x2, y2, stroke: "currentColor", ...more }));
    line(BOX.left, y(0), BOX.width - BOX.right, y(0), { "stroke-opacity": 0.5 });
    line(x(s.threshold[state.at]), BOX.top, x(s.threshold[state.at]), y(least), { "stroke-dasharray": "2 2" });
    for (const t of [0, 0.25, 0.5, 0.75, 1]) {
      svg.append(drawn("text", { x: x(t), y: y(least) + 16, "text-anchor": "middle" }, t));
    }
    for (const v of [0, most / 2, most]) {
      svg.append(drawn("text", { x: BOX.left - 6, y: y(v) + 4, "text-anchor": "end" }, v.toFixed(2)));
    }
    svg.append(drawn("text", { x: x(0.5), y: BOX.height - 6, "text-anchor": "middle" }, "threshold"));
    lines.forEach(({ name, at }, k) => {
      const shown = s.threshold.map((t, i) => [t, at(i)]).filter(([, v]) => v >= least);
      svg.append(drawn("polyline", { points: shown.map(([t, v]) => `${x(t)},${y(v)}`).join(" "),
        fill: "none", stroke: COLOURS[k], "stroke-width": 2, "stroke-dasharray": DASHES[k] }));
      const place = y(0) - 14 - 16 * (lines.length - 1 - k);
      line(x(0.03), place - 4, x(0.09), place - 4,
        { stroke: COLOURS[k], "stroke-width": 2, "stroke-dasharray": DASHES[k] });
      svg.append(drawn("text", { x: x(0.1), y: place }, name));
    });
    return svg;
  }

  let timer;
  function show() {
    const t = series(data.names[0]).threshold[state.at];
    const used = state.at === first.in_use ? ", the one in use" : "";
    label.textContent = `Threshold ${t.toPrecision(3)}${used}`;
    slider.setAttribute("aria-valuetext", label.textContent);
    fill();
    plot.replaceChildren(figure());
    clearTimeout(timer);
    timer = setTimeout(() => {
      const [name, found, spared, flagged, net] = rows()[0];
      spoken.textContent = `${name}: sensitivity ${found}, specificity ${spared}, flagged ${flagged}, net benefit ${net}`;
    }, SETTLED);
  }

  show();
})();
