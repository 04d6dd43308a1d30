// What a reader would find wrong with a page; site_in_browser_test.py evaluates it.
(() => {
  // The parts of "rgb(1, 2, 3)" or "rgba(1, 2, 3, 0.5)".
  const parts = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = parts(color).slice(0, 3).map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  // WCAG's contrast: black on white is 21.
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const backgroundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (parts(color)[3] !== 0) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const hasText = (element) => [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

  const problems = [];
  const width = document.documentElement.scrollWidth;
  if (width > innerWidth) problems.push(`is ${width} wide, the screen ${innerWidth}`);
  const seen = new Set();
  for (const element of document.body.querySelectorAll('*')) {
    // One element of a kind is enough.
    const kind = element.parentElement.className + ' ' + element.tagName + ' ' +
        element.className;
    if (seen.has(kind) || !hasText(element) || !element.checkVisibility()) continue;
    seen.add(kind);
    const ratio = contrast(getComputedStyle(element).color, backgroundOf(element));
    if (ratio < 4.5) {
      problems.push(`is hard to read: ${kind}, a contrast of ${ratio.toFixed(1)}`);
    }
  }
  for (const element of document.querySelectorAll('main :not(code, pre, .fragment *)')) {
    const text = hasText(element) ? element.firstChild.textContent : '';
    if (text.includes('`')) problems.push('has Markdown left over: ' + text.trim());
  }
  for (const image of document.images) {
    if (image.naturalWidth === 0) problems.push('has no picture ' + image.src);
  }
  return {problems, background: backgroundOf(document.body)};
})()
