import { expect, test } from "vitest";
import { connectEdge } from "../../../src/relay/session/edge.ts";

test.each(["https://u:hunter2@127.0.0.1", "https://u:hunter2#x@127.0.0.1", "hunter2", ""])(
  "an edge's URL that is none, or holds a password, is refused without being quoted: %j",
  (url) => {
    let message = "";
    try {
      connectEdge(url, "wp_node_x");
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(/The edge's URL must look like/);
    expect(message).not.toContain("hunter2");
  },
);
