// Streamlit's tables scroll sideways in a narrow window, but take no focus, so the keyboard cannot scroll them.
if (!window.fxTables) {
  const mark = () => document.querySelectorAll("[data-testid=stTable] > div").forEach((table) => {
    if (table.tabIndex !== 0) table.tabIndex = 0;
  });
  window.fxTables = new MutationObserver(mark);
  window.fxTables.observe(document.body, { childList: true, subtree: true });
  mark();
}
