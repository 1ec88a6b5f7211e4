// Tells when one of the maps was zoomed or moved, or another tool was taken, so that all of them go along.

const SETTLED = 300; // milliseconds after the last turn of the wheel

export default function ({ data, setTriggerValue }) {
  const panels = document.querySelector(data.panels);
  if (!panels) return;
  let [touched, waiting] = [null, 0];

  const look = () => {
    const axes = [touched?.layout?.xaxis?.range, touched?.layout?.yaxis?.range];
    if (!axes.every((range) => range?.every(Number.isFinite))) return;
    const moved = axes.some((range, axis) => {
      const [low, high] = data.axes[axis];
      return range.some((end, side) => Math.abs(end - data.axes[axis][side]) > 1e-4 * (high - low));
    });
    const drag = touched.layout.dragmode;
    if (moved || drag !== data.drag) setTriggerValue("moved", { axes, drag });
  };
  const touch = (event) => {
    touched = event.target.closest(".js-plotly-plot");
  };
  const later = () => {
    clearTimeout(waiting);
    if (touched) waiting = setTimeout(look, SETTLED);
  };
  const turn = (event) => {
    touch(event);
    later();
  };

  // While something is dragged, Plotly lays a cover over the page, so the end of it is heard there.
  const heard = [
    [panels, "wheel", turn], [panels, "pointerdown", touch], [document, "pointerup", later]];
  const how = { passive: true, capture: true };
  heard.forEach(([where, name, what]) => where.addEventListener(name, what, how));
  return () => {
    clearTimeout(waiting);
    heard.forEach(([where, name, what]) => where.removeEventListener(name, what, how));
  };
}
