// Tells when one of the maps was zoomed or moved, and by which tool, so that all of them go along.

const SETTLED = 300; // milliseconds after the last turn of the wheel

export default function ({ parentElement, data, setTriggerValue }) {
  // This is called anew for new data, but what it listens with stays until the maps go.
  const known = parentElement.mapZoom;
  if (known) {
    Object.assign(known, { data, setTriggerValue });
    return known.stop;
  }
  const now = { data, setTriggerValue, plot: null, waiting: 0 };

  const look = () => {
    const layout = now.plot?.isConnected ? now.plot.layout : undefined;
    const axes = [layout?.xaxis?.range, layout?.yaxis?.range];
    if (!axes.every((range) => range?.every(Number.isFinite))) return;
    const moved = axes.some((range, axis) => {
      const [low, high] = now.data.axes[axis];
      return range.some((end, side) => Math.abs(end - now.data.axes[axis][side]) > 1e-4 * (high - low));
    });
    if (moved) now.setTriggerValue("moved", { axes, drag: layout.dragmode });
  };
  const touch = (event) => {
    const within = `${now.data.panels} .js-plotly-plot`;
    now.plot = event.target instanceof Element ? event.target.closest(within) : null;
    if (event.type === "pointerdown" && now.plot?.on && !now.plot.heardClicks) {
      now.plot.heardClicks = true;
      now.plot.on("plotly_click", click);
    }
  };
  // While dragging draws round points, Plotly takes a click for no choice; we do.
  const click = ({ points }) => {
    const sole = points?.[0];
    if (sole && !now.plot?.layout?.clickmode?.includes("select")) {
      now.setTriggerValue("clicked", sole.customdata ?? null);
    }
  };
  const later = () => {
    clearTimeout(now.waiting);
    if (now.plot) now.waiting = setTimeout(look, SETTLED);
  };
  const turn = (event) => {
    touch(event);
    later();
  };

  // While something is dragged, Plotly lays a cover over the page, so the end of it is heard anywhere.
  const heard = { wheel: turn, pointerdown: touch, pointerup: later };
  const how = { passive: true, capture: true };
  for (const [name, what] of Object.entries(heard)) document.addEventListener(name, what, how);
  now.stop = () => {
    clearTimeout(now.waiting);
    for (const [name, what] of Object.entries(heard)) document.removeEventListener(name, what, how);
    delete parentElement.mapZoom;
  };
  parentElement.mapZoom = now;
  return now.stop;
}
