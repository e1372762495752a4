// Moonshine in OpenClaw: before a session is compacted, `moon hook` archives it, and compaction waits for that; the
// gateway method `moonshine.inject` puts a block in front of the next message of a session, once.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

const { words, timeout_secs: seconds } = JSON.parse(readFileSync(new URL("./command.json", import.meta.url), "utf8"));

// Calls the hook with the event as JSON on its standard input; settles when it has ended, never rejects.
function called(event, payload, logger) {
  return new Promise((settle) => {
    const [program, ...rest] = words;
    const child = spawn(program, [...rest, event], { stdio: ["pipe", "ignore", "pipe"], timeout: seconds * 1000 });
    let said = "";
    child.stderr.on("data", (data) => {
      said = (said + data).slice(-2000);
    });
    const ended = (how) => {
      if (said || how) logger.warn(`moonshine: ${event}: ${how} ${said.trim()}`.trim());
      settle();
    };
    child.on("error", (error) => ended(error.message));
    child.on("close", (code, signal) => ended(code === 0 ? "" : `ended with ${signal ?? code}`));
    child.stdin.on("error", () => {});
    child.stdin.end(JSON.stringify(payload));
  });
}

export default {
  id: "moonshine",
  register(api) {
    api.registerHook(
      ["session:compact:before"],
      (event) =>
        called(
          "session:compact:before",
          { session_key: event.sessionKey ?? "", session_id: event.context?.sessionId ?? "" },
          api.logger,
        ),
      { name: "moonshine-archive", description: "Archives the session before it is compacted" },
    );
    api.registerGatewayMethod("moonshine.status", ({ respond }) => respond(true, { version: "0.1.0" }), {
      scope: "operator.read",
    });
    api.registerGatewayMethod(
      "moonshine.inject",
      async ({ params, respond }) => {
        try {
          const { sessionKey, text, idempotencyKey } = params;
          respond(
            true,
            await api.session.workflow.enqueueNextTurnInjection({
              sessionKey,
              text,
              idempotencyKey,
              placement: "prepend_context",
            }),
          );
        } catch (error) {
          respond(false, undefined, { code: "UNAVAILABLE", message: String(error?.message ?? error) });
        }
      },
      { scope: "operator.write" },
    );
  },
};
