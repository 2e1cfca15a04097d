// All parts stand: the scheme is put on, and figures that wait are drawn.

putInPlace();
scheme.apply();
document.documentElement.classList.add("ready");
work();
