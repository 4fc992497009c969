import "./is_main.ts";
