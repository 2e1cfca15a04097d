"""What a page's tests ask a browser of its texts."""

LEAST_CONTRAST = """() => {
  const parts = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const luminance = c => parts(c).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (c !== "rgba(0, 0, 0, 0)" && c !== "transparent") return c; } return "rgb(255, 255, 255)"; };
  let least = [99, ""];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement, words = texts.currentNode.textContent.trim();
    if (!words || !e.checkVisibility()) continue;
    const style = getComputedStyle(e);
    const [low, high] = [luminance(e.closest("svg") ? style.fill : style.color), luminance(ground(e))].sort((a, b) => a - b);
    if ((high + 0.05) / (low + 0.05) < least[0]) least = [(high + 0.05) / (low + 0.05), words];
  }
  return least;
}"""
"""Least contrast of a text with its ground, after WCAG 2.2, and the text."""
