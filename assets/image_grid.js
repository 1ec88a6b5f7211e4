// A grid of small images, each of which can be chosen: by a click, or with the arrow keys and Enter.
// One button moves over the picture, so that a grid is one stop on the way through the page.

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export default function ({ parentElement, data, setTriggerValue }) {
  const find = (name) => parentElement.querySelector(name);
  const [root, rows, cells, image, cursor, mark] = [
    ".fx-grid", ".fx-rows", ".fx-cells", "img", "button", ".fx-chosen"].map(find);
  const count = [data.rows.length, data.columns];
  // An image that was chosen in another grid is where the keys go on from in this one, too.
  const at = data.chosen && `${data.chosen}` !== root.chosen ? data.chosen : (root.at ?? [0, 0]);
  root.chosen = `${data.chosen}`;
  root.at = at.map((place, axis) => Math.min(place, count[axis] - 1));

  root.classList.toggle("fx-large", data.large);
  root.style.maxWidth = data.large ? "none" : `${data.width}px`;
  cells.style.minWidth = data.large ? `${data.width}px` : "";
  if (image.src !== data.src) image.src = data.src;
  image.alt = data.alt;
  rows.replaceChildren(...data.rows.map((name) => {
    const label = document.createElement("span");
    label.textContent = name;
    return label;
  }));

  const put = (box, [row, column]) => {
    const [height, width] = [100 / count[0], 100 / count[1]];
    Object.assign(box.style, {
      top: `${row * height}%`, left: `${column * width}%`,
      height: `${height * data.share}%`, width: `${width * data.share}%`,
    });
  };
  const move = (place) => {
    root.at = place;
    put(cursor, place);
    cursor.setAttribute("aria-label", `${data.name}, class ${data.rows[place[0]]}, image ${place[1] + 1}`);
  };
  const under = (event) => {
    const box = image.getBoundingClientRect();
    const share = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
    return share.map((s, axis) => Math.min(Math.max(Math.floor(s * count[axis]), 0), count[axis] - 1));
  };

  move(root.at);
  cursor.setAttribute("aria-description", "The arrow keys go to another image, Enter looks closer at it.");
  mark.hidden = !data.chosen;
  if (data.chosen) put(mark, data.chosen);

  cells.onpointermove = (event) => {
    if (event.pointerType === "mouse") move(under(event));
  };
  cells.onclick = (event) => {
    // A click that the keyboard makes has no place of its own.
    if (event.detail) move(under(event));
    setTriggerValue("chosen", root.at);
  };
  cursor.onkeydown = (event) => {
    const step = MOVES[event.key];
    if (!step) return;
    event.preventDefault();
    move(root.at.map((place, axis) => Math.min(Math.max(place + step[axis], 0), count[axis] - 1)));
    cursor.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
}
