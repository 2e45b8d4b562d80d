// The what-if page: sliders over the points that stand in the page. Nothing is fetched or sent.

(() => {
  const root = document.getElementById("what-if");
  const data = JSON.parse(document.getElementById("what-if-data").textContent);
  const PARTS = data.order;
  const WAYS = { threshold: "One threshold for every day", daily: "The same number each day" };
  const LINES = [
    { key: "precision", title: "Precision", colour: "#0072b2", dash: "" },
    { key: "recall", title: "Recall", colour: "#d55e00", dash: "7 3" },
    { key: "saved", title: "Amount found", colour: "#009e73", dash: "2 3" },
  ];
  const COST = [{ key: "cost", title: "Cost a day", colour: "#cc79a7", dash: "" }];
  const SVG = "http://www.w3.org/2000/svg";
  const SETTLED = 300; // ms without a change before the outcome is read out

  const first = data.parts[PARTS[0]];
  const amounts = first.value !== null;
  const state = { part: PARTS[0], way: "threshold", at: 0, costs: { ...data.costs } };

  // Numbers -----------------------------------------------------------------------------------

  const curve = (part = state.part) => data.parts[part].curves[state.way];
  const last = () => curve().alerts.length - 1;

  function measured(i, name = state.part) {
    const part = data.parts[name];
    const { alerts, found, value, threshold } = curve(name);
    const { miss, look } = state.costs;
    const missed = amounts ? part.value - value[i] : part.positives - found[i];
    const looked = amounts ? alerts[i] : alerts[i] - found[i];
    const nothing = miss * (amounts ? part.value : part.positives);
    const cost = miss * missed + look * looked;
    const share = (some, whole) => (whole ? some / whole : null);
    return {
      alerts: alerts[i] / part.days,
      threshold: threshold[i],
      precision: share(found[i], alerts[i]),
      recall: share(found[i], part.positives),
      found: found[i] / part.days,
      positives: part.positives / part.days,
      saved: amounts ? share(value[i], part.value) : null,
      value: amounts ? value[i] / part.days : null,
      missed: missed / part.days,
      cost: cost / part.days,
      net: (nothing - cost) / part.days,
    };
  }

  const points = (part = state.part) => curve(part).alerts.map((_, i) => measured(i, part));
  const nearest = (values, wanted) => values.reduce(
    (best, value, i) => (Math.abs(value - wanted) < Math.abs(values[best] - wanted) ? i : best), 0);
  // By the first part, validation: a point chosen by test would spoil test. All parts have the same.
  const cheapest = () => points(PARTS[0]).reduce(
    (best, p, i, all) => (p.cost < all[best].cost ? i : best), 0);

  const number = (value, most = 1) => value.toLocaleString("en-GB", { maximumFractionDigits: most });
  const money = (value) => number(value, Math.abs(value) < 100 ? 2 : 0);
  const percent = (share) => (share === null ? "not defined" : `${(100 * share).toFixed(1)} %`);
  const counted = (value) => `${number(value)} ${number(value) === "1" ? "alert" : "alerts"}`;
  const score = (value) => String(Number(value.toPrecision(value > 0.99 && value < 1 ? 6 : 3)));

  // The page ----------------------------------------------------------------------------------

  const made = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  function choice(name, legend, options, chosen, take) {
    const field = made("fieldset", {}, made("legend", { textContent: legend }));
    for (const [value, title] of options) {
      const input = made("input", { type: "radio", name, value, checked: value === chosen });
      input.addEventListener("change", () => take(value));
      field.append(made("label", {}, input, title));
    }
    return field;
  }

  function slider(id, title, take) {
    const told = made("strong", { className: "what-if-told" });
    const input = made("input", { type: "range", id });
    const row = made("p", { className: "what-if-slider" },
      made("label", { htmlFor: id, textContent: title }), told, input);
    input.addEventListener("input", () => take(Number(input.value)));
    return { row, input, told };
  }

  function cost(id, title, key) {
    const input = made("input", { type: "number", id, min: 0, step: "any", value: state.costs[key] });
    input.addEventListener("input", () => {
      const right = input.value !== "" && input.checkValidity();
      input.setAttribute("aria-invalid", String(!right));
      if (right) {
        state.costs[key] = Number(input.value);
        show();
      }
    });
    return { row: made("p", { className: "what-if-cost" },
      made("label", { htmlFor: id, textContent: title }), input), input };
  }

  const button = (text, take) => {
    const element = made("button", { type: "button", className: "md-button", textContent: text });
    element.addEventListener("click", take);
    return element;
  };

  const alerts = slider("what-if-alerts", "Alerts a day", (at) => go(at));
  const threshold = slider("what-if-threshold", "Threshold", (wanted) =>
    go(nearest(curve().threshold, wanted), true));
  const miss = cost("what-if-miss", amounts ? "A miss costs its amount times" : "A miss costs", "miss");
  const look = cost("what-if-look",
    amounts ? "Looking at an alert costs" : "A false alarm costs", "look");
  const toUse = button("Decision in use", () => go(curve().in_use));
  const toCheapest = button(`Lowest cost on ${first.title}`, () => go(cheapest()));
  const toStated = button("Stated costs", () => {
    state.costs = { ...data.costs };
    for (const [field, key] of [[miss, "miss"], [look, "look"]]) {
      field.input.value = state.costs[key];
      field.input.setAttribute("aria-invalid", "false");
    }
    show();
  });
  const tiles = made("dl", { className: "what-if-tiles" });
  const status = made("p", { className: "what-if-status" });
  status.setAttribute("role", "status");
  status.setAttribute("aria-live", "polite");
  const charts = made("div", { className: "what-if-charts" });

  function go(at, byThreshold = false) {
    state.at = at;
    show(byThreshold);
  }

  function turn(way) { // to the point that gives most nearly as many alerts
    const before = measured(state.at).alerts;
    state.way = way;
    go(nearest(points().map((p) => p.alerts), before));
  }

  function fill(p) {
    const shown = [
      ["alerts", "Alerts a day", number(p.alerts),
        `${state.way === "daily" ? "on a median day down to" : "threshold"} ${score(p.threshold)}`],
      ["precision", "Precision", percent(p.precision), `of the alerts are ${data.positive}`],
      ["recall", "Recall", percent(p.recall),
        `${number(p.found)} of ${number(p.positives)} a day found`],
      amounts && ["value", "Amount found a day", money(p.value), `${percent(p.saved)} of the amount of ${data.positive}`],
      ["cost", "Cost a day", money(p.cost),
        `${money(p.cost - state.costs.miss * p.missed)} looking, ` +
        `${money(state.costs.miss * p.missed)} missed`],
      ["net", "Saved a day", money(p.net), "against looking at nothing"],
    ].filter(Boolean);
    tiles.replaceChildren(...shown.map(([key, title, value, note]) => {
      const told = made("dd", { textContent: value });
      told.dataset.key = key;
      told.dataset.value = String(p[key]);
      return made("div", {}, made("dt", { textContent: title }), told,
        made("dd", { className: "what-if-note", textContent: note }));
    }));
  }

  let waiting = 0;
  function say(p) {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const told = state.way === "daily" ? "The decision in use aims at as many." :
        "This is the decision in use.";
      const used = state.at === curve().in_use ? ` ${told}` : "";
      status.textContent = `${counted(p.alerts)} a day: precision ${percent(p.precision)}, ` +
        `recall ${percent(p.recall)}, cost ${money(p.cost)} a day.${used}`;
    }, SETTLED);
  }

  function show(byThreshold = false) {
    const { threshold: cuts, in_use: inUse } = curve();
    const p = measured(state.at);
    Object.assign(alerts.input, { min: 0, max: last(), step: 1, value: state.at });
    alerts.told.textContent = number(p.alerts);
    alerts.input.setAttribute("aria-valuetext", `${counted(p.alerts)} a day`);
    threshold.row.hidden = state.way !== "threshold";
    const [low, high] = [Math.min(...cuts), Math.max(...cuts)];
    Object.assign(threshold.input, { min: low, max: high, step: (high - low) / 200 || 1 });
    if (!byThreshold) threshold.input.value = p.threshold;
    threshold.told.textContent = score(p.threshold);
    threshold.input.setAttribute("aria-valuetext", `threshold ${score(p.threshold)}`);
    toUse.disabled = inUse === null || state.at === inUse;
    toCheapest.disabled = state.at === cheapest();
    toStated.disabled = Object.keys(data.costs).every((k) => state.costs[k] === data.costs[k]);
    fill(p);
    say(p);
    draw();
  }

  // Charts ------------------------------------------------------------------------------------

  const drawn = (tag, attributes, text = "") => {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    return element;
  };

  function ticks(most) { // steps of 1, 2 or 5 times a power of ten
    const rough = most / 5 || 1;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((k) => k * power >= rough) * power;
    return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
  }

  function chart(title, lines, top, write) {
    const all = points().map((p, i) => ({ ...p, i })).filter((p) => p.alerts > 0);
    if (!all.length) return made("p", { textContent: "No point gives an alert here." });
    const width = Math.max(Math.min(charts.clientWidth || 420, 420), 240);
    const [height, left, right, above, below] = [270, 46, 14, 46, 40];
    const [from, to] = [Math.log(all[0].alerts), Math.log(all.at(-1).alerts)];
    const x = (value) =>
      left + ((Math.log(value) - from) / (to - from || 1)) * (width - left - right);
    const y = (value) => height - below - (value / top) * (height - above - below);
    const chosen = measured(state.at);
    const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", class: "what-if-chart" });
    const used = curve().in_use === null ? null : measured(curve().in_use);
    const ends = [all[0], all.at(-1)].map((p) => `${counted(p.alerts)}: ` +
      lines.map((l) => `${l.title.toLowerCase()} ${write(p[l.key])}`).join(", "));
    svg.setAttribute("aria-label", `${title} against alerts a day, on ${data.parts[state.part].title}. ` +
      `From ${ends[0]}, to ${ends[1]}. Chosen, ${counted(chosen.alerts)}: ` +
      lines.map((l) => `${l.title.toLowerCase()} ${write(chosen[l.key])}`).join(", ") +
      (used ? `. In use: ${counted(used.alerts)}.` : "."));

    for (const value of ticks(top)) {
      svg.append(drawn("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: "grid" }),
        drawn("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, write(value, true)));
    }
    const marks = [1, 10, 100, 1000, 1e4, 1e5].flatMap((k) => [k, 2 * k, 5 * k]);
    for (const mark of marks.filter((k) => k >= all[0].alerts && k <= all.at(-1).alerts)) {
      svg.append(drawn("line", { x1: x(mark), x2: x(mark), y1: above, y2: height - below, class: "grid" }),
        drawn("text", { x: x(mark), y: height - below + 16, "text-anchor": "middle" },
          mark < 1000 ? mark : `${mark / 1000}k`));
    }
    svg.append(drawn("text", { x: (left + width - right) / 2, y: height - 5, "text-anchor": "middle" },
      "Alerts a day"));
    const wide = (line) => 36 + 6.4 * line.title.length;
    let place = Math.max(Math.min(left, width - lines.reduce((sum, l) => sum + wide(l), 0)), 0);
    for (const line of lines) {
      const stroke = { stroke: line.colour, "stroke-dasharray": line.dash, class: "line" };
      svg.append(drawn("line", { x1: place, x2: place + 20, y1: 10, y2: 10, ...stroke }),
        drawn("text", { x: place + 24, y: 14 }, line.title));
      place += wide(line);
      const path = all.filter((p) => p[line.key] !== null)
        .map((p) => `${x(p.alerts).toFixed(1)},${y(p[line.key]).toFixed(1)}`).join(" ");
      svg.append(drawn("polyline", { points: path, ...stroke }));
    }
    if (used && used.alerts > 0) {
      svg.append(drawn("line", { x1: x(used.alerts), x2: x(used.alerts), y1: above - 6, y2: height - below,
        class: "used" }), drawn("text", { x: x(used.alerts), y: above - 10, "text-anchor":
        x(used.alerts) > width - 40 ? "end" : "middle" }, "in use"));
      for (const line of lines.filter((l) => used[l.key] !== null)) {
        svg.append(drawn("rect", { x: x(used.alerts) - 4, y: y(used[line.key]) - 4, width: 8, height: 8,
          fill: "none", stroke: "currentColor" }));
      }
    }
    if (chosen.alerts > 0) {
      svg.append(drawn("line", { x1: x(chosen.alerts), x2: x(chosen.alerts), y1: above, y2: height - below,
        class: "chosen" }));
      for (const line of lines.filter((l) => chosen[l.key] !== null)) {
        svg.append(drawn("circle", { cx: x(chosen.alerts), cy: y(chosen[line.key]), r: 5,
          fill: line.colour, stroke: "currentColor" }));
      }
    }
    svg.addEventListener("click", (event) => { // for a pointer; the sliders do the same by keyboard
      const box = svg.getBoundingClientRect();
      const at = ((event.clientX - box.left) * width) / box.width;
      go(all[nearest(all.map((p) => x(p.alerts)), at)].i);
    });
    return made("figure", {}, svg, made("figcaption", { textContent: title }));
  }

  function draw() {
    const shares = LINES.filter((line) => amounts || line.key !== "saved");
    const most = Math.max(...points().map((p) => p.cost), 1e-9);
    const short = (value, axis) =>
      axis && value >= 1000 ? `${number(value / 1000)}k` : money(value);
    charts.replaceChildren(
      chart("Precision, recall" + (amounts ? " and amount found" : ""), shares, 1,
        (value, axis) => (axis ? `${Math.round(100 * value)} %` : percent(value))),
      chart("Cost a day, at the costs above", COST, most, short));
  }

  // Start -------------------------------------------------------------------------------------

  const titles = PARTS.map((name) => [name, `${data.parts[name].title}, ${data.parts[name].days} days`]);
  const fields = made("div", { className: "what-if-fields" });
  if (PARTS.length > 1) {
    fields.append(choice("what-if-part", "Days", titles, state.part,
      (value) => {
        state.part = value;
        show();
      }));
  }
  fields.append(choice("what-if-way", "How alerts are chosen", Object.entries(WAYS), state.way, turn));
  root.replaceChildren(fields, alerts.row, threshold.row,
    made("div", { className: "what-if-fields" }, miss.row, look.row),
    made("p", { className: "what-if-buttons" }, toUse, toCheapest, toStated),
    tiles, status, charts);
  state.at = curve().in_use ?? nearest(points().map((p) => p.alerts), 1);
  show();
  let width = charts.clientWidth;
  new ResizeObserver(() => {
    if (charts.clientWidth !== width) {
      width = charts.clientWidth;
      draw();
    }
  }).observe(charts);
})();
