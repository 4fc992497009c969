/** The version of the three packages, the same as in `deno.json`. */
export const VERSION: string = "0.1.0";
