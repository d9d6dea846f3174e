// Draws charts, with uPlot, of the tables that they belong to, once the page is there.
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const words = (column) => column.replaceAll("_", " ");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

const different = (rows, column) => [...new Set(rows.map((r) => r[column]).filter((v) => v !== null && v !== undefined))];
const time = (text) => Date.parse(String(text).length === 7 ? `${text}-01` : text) / 1000;

// thinned returns every one of some values, or every second, and so on: at most so many.
const thinned = (values, most) => values.filter((_, i) => (values.length - 1 - i) % Math.ceil(values.length / most) === 0);

// pick adds a choice to a figure, unless there is nothing to choose.
function pick(figure, label, values, draw) {
  if (values.length < 2) return () => values[0];
  let picks = figure.querySelector(".picks");
  if (!picks) {
    picks = document.createElement("div");
    picks.className = "picks";
    figure.prepend(picks);
  }
  const select = document.createElement("select");
  for (const v of values) select.append(new Option(words(v), v));
  if (values.includes(figure.dataset.first)) select.value = figure.dataset.first;
  const named = document.createElement("label");
  named.append(`${label[0].toUpperCase()}${label.slice(1)} `, select);
  picks.append(named);
  select.addEventListener("change", draw);
  return () => select.value;
}

// Each kind of chart returns what uPlot wants: data, and series after the first.
const kinds = {
  band(rows, x, y) {
    const at = (column) => rows.map((r) => r[column]);
    const colour = css("--s0");
    return {
      data: [rows.map((r) => time(r[x])), at(y), at("high"), at("low"), rows.map(() => 0)],
      series: [
        { label: words(y), stroke: colour, width: 2, points: { size: 5 } },
        { label: "high", stroke: `color-mix(in srgb, ${colour} 55%, transparent)`, width: 1, points: { show: false } },
        { label: "low", stroke: `color-mix(in srgb, ${colour} 55%, transparent)`, width: 1, points: { show: false } },
        { label: "zero", stroke: css("--soft"), width: 1, dash: [4, 4], points: { show: false } },
      ],
      bands: [{ series: [2, 3], fill: `color-mix(in srgb, ${colour} 16%, transparent)` }],
    };
  },
  line(rows, x, y) {
    return {
      data: [rows.map((r) => time(r[x])), rows.map((r) => r[y])],
      series: [{ label: words(y), stroke: css("--s0"), width: 2, points: { size: 5 } }],
      zero: true,
    };
  },
  stack(rows, x, y, group) {
    const xs = different(rows, x);
    const all = different(rows, group).filter((name) => name !== "none");
    const value = (name, at) => rows.filter((r) => r[group] === name && r[x] === at).reduce((sum, r) => sum + (r[y] ?? 0), 0);
    const total = (name) => xs.reduce((sum, at) => sum + value(name, at), 0);
    const names = all.filter((name) => total(name) > 0).sort((a, b) => total(b) - total(a));
    const own = names.map((name) => xs.map((at) => value(name, at)));
    const below = xs.map(() => 0);
    const stacked = own.map((values) => values.map((v, i) => (below[i] += v)));
    // The highest is drawn first, so that those below cover it.
    const order = names.map((_, i) => i).reverse();
    return {
      data: [xs.map(time), ...order.map((i) => stacked[i])],
      series: order.map((i) => ({
        label: names[i], stroke: css(`--s${i % 8}`), fill: css(`--s${i % 8}`), width: 0, points: { show: false },
        paths: uPlot.paths.bars({ size: [0.7, 56] }), value: (_, v, s, at) => (at === null ? "–" : plain.format(own[i][at])),
      })),
      zero: true, bars: true,
    };
  },
};

async function chart(figure) {
  const plot = figure.querySelector(".plot");
  const answer = await fetch(figure.dataset.src);
  if (!answer.ok) throw new Error(answer.statusText);
  const rows = await answer.json();
  const { chart: kind, group } = figure.dataset;
  const x = "date" in rows[0] ? "date" : "month";
  let drawn;
  const draw = () => {
    const one = rows.filter((r) => (!by() || r[of] === by()) && (kind === "stack" || r[x]));
    const { data, series, bands, zero, bars } = kinds[kind](one, x, y(), group);
    const axis = { stroke: css("--soft"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
    const share = y() === "difference";
    const tell = (v) => (v === null || v === undefined ? "–" : share ? `${plain.format(100 * v)} pp` : plain.format(v));
    drawn?.destroy();
    drawn = new uPlot({
      width: plot.clientWidth, height: 260, bands,
      hooks: { ready: [(u) => u.setLegend({ idx: data[0].length - 1 })] }, // until somebody points at another
      cursor: { y: false, drag: { setScale: false } },
      scales: { x: { time: true, range: bars ? (_, low, high) => [low - 16 * 86400, high + 16 * 86400] : undefined }, y: { range: (_, low, high) => uPlot.rangeNum(zero ? 0 : low, high, 0.1, true) } },
      axes: [{ ...axis, ...(x === "date" ? { space: 64 } : { splits: (u) => thinned(data[0], u.width / 64) }), values: (_, at) => at.map((v) => new Date(1000 * v).toLocaleDateString("en-GB", x === "date" ? { day: "numeric", month: "short", timeZone: "UTC" } : { month: "short", year: "2-digit", timeZone: "UTC" })) },
        { ...axis, size: 62, values: (_, at) => at.map((v) => (share ? `${plain.format(100 * v)} pp` : compact.format(v))) }],
      series: [{ label: x, value: (_, v) => (v === null ? "–" : new Date(1000 * v).toLocaleDateString("en-GB", { day: x === "date" ? "numeric" : undefined, month: "long", year: "numeric", timeZone: "UTC" })) },
        ...series.map((s) => ({ value: (_, v) => tell(v), ...s }))],
    }, data, plot);
  };
  const of = kind === "stack" ? "currency" : group;
  const by = of && rows.length && of in rows[0] ? pick(figure, words(of), different(rows, of), () => draw()) : () => undefined;
  const y = pick(figure, kind === "stack" ? "Attribution" : "Show", figure.dataset.y.split(",").filter((c) => rows.some((r) => typeof r[c] === "number")), () => draw());
  if (!y()) {
    figure.hidden = true;
    return;
  }
  draw();
  let width = plot.clientWidth;
  new ResizeObserver(() => {
    if (plot.clientWidth !== width) {
      width = plot.clientWidth;
      drawn.setSize({ width, height: 260 });
    }
  }).observe(plot);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

function failed(figure) {
  figure.querySelector(".plot").replaceWith("The chart could not be drawn: the console does not answer. Load the page again.");
}

// What is drawn need not be there when the page is: it is painted first.
requestAnimationFrame(() => setTimeout(async () => {
  await Promise.all([...document.querySelectorAll("figure[data-chart]")].map((figure) => chart(figure).catch(() => failed(figure))));
  document.documentElement.dataset.drawn = "yes";
}));
