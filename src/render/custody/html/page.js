
(function () {
  "use strict";
  var table = document.getElementById("secrets");
  var body = table.tBodies[0];
  var names = Array.from(table.tHead.rows[1].cells, function (cell) { return cell.textContent; });
  var rows = Array.from(body.rows, function (row) {
    var holders = names.filter(function (name, at) { return row.cells[at + 2].title; });
    var secret = row.dataset.secret;
    return {
      row: row,
      secret: secret,
      words: (secret + " " + holders.join(" ")).toLowerCase(),
      alone: row.classList.contains("alone") || row.classList.contains("nobody")
    };
  });
  var only = document.getElementById("only");
  var words = document.getElementById("words");
  var order = document.getElementById("order");
  var shown = document.getElementById("shown");

  function filter() {
    var wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    var count = 0;
    rows.forEach(function (one) {
      var fits = (!only.checked || one.alone) && wanted.every(function (word) { return one.words.indexOf(word) >= 0; });
      one.row.hidden = !fits;
      count += fits ? 1 : 0;
    });
    shown.textContent = count + " of " + rows.length + " shown";
  }

  function sort() {
    var sorted = rows.slice();
    if (order.value === "name") {
      sorted.sort(function (a, b) { return a.secret < b.secret ? -1 : a.secret > b.secret ? 1 : 0; });
    }
    sorted.forEach(function (one) { body.appendChild(one.row); });
  }

  function follow() {
    if (location.hash === "#alone") {
      only.checked = true;
      filter();
    }
  }

  only.addEventListener("change", filter);
  words.addEventListener("input", filter);
  order.addEventListener("change", sort);
  window.addEventListener("hashchange", follow);
  document.getElementById("controls").addEventListener("submit", function (event) { event.preventDefault(); });
  document.getElementById("controls").hidden = false;
  filter();
  follow();
})();
