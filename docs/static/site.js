// Live pictures follow the light or dark theme that the reader chose for the site.
"use strict";
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  function follow() {
    const { theme } = document.body.dataset;
    const dark = theme === "dark" || (theme !== "light" && system.matches);
    document.body.dataset.jpThemeLight = String(!dark);
    for (const live of document.querySelectorAll(".autograd-stepper, .autograd-theatre"))
      live.classList.toggle("dark", dark);
  }
  addEventListener("DOMContentLoaded", () => {
    follow();
    system.addEventListener("change", follow);
    const watch = { attributes: true, attributeFilter: ["data-theme"] };
    new MutationObserver(follow).observe(document.body, watch);
  });
})();
