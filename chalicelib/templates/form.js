(() => {
  const form = document.getElementById("report"), offline = document.getElementById("offline");
  if (!form) return;
  if (form.dataset.address) history.replaceState(null, "", form.dataset.address);
  if (!offline) return;
  const boxes = [...form.querySelectorAll("input[type=checkbox]:enabled")], name = document.getElementById("commander");
  const kept = `muster-ticks:${location.pathname}:${form.dataset.who}`;
  const keep = () => {
    try { sessionStorage.setItem(kept, JSON.stringify({ticks: boxes.filter(box => box.checked).map(box => box.value), name: name?.value})) } catch {}
  };
  try {
    const before = JSON.parse(sessionStorage.getItem(kept));
    for (const box of boxes) if (before.ticks.includes(box.value)) box.checked = true;
    if (name && !name.value && before.name) name.value = before.name;
  } catch {}
  form.addEventListener("input", keep);
  let isSent = false;
  const reset = () => { isSent = false; form.classList.remove("sent") };
  form.addEventListener("submit", event => {
    keep();
    offline.hidden = navigator.onLine;
    if (isSent || !navigator.onLine) event.preventDefault();
    else isSent = true;
    form.classList.toggle("sent", isSent);
    setTimeout(reset, 8000);  // if nothing came of it: nothing can count twice
  });
  addEventListener("online", () => { offline.hidden = true });
  addEventListener("pageshow", reset);
})();
