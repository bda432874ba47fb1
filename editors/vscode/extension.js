// Starts `potentia lsp` for files of the language, and says how to get it where it is not there.
const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

let client;

function makeClient() {
  const [command, ...args] = vscode.workspace.getConfiguration("potentia").get("command");
  const run = { command, args, transport: TransportKind.stdio };
  return new LanguageClient("potentia", "potentia", run, {
    documentSelector: [{ language: "pes" }],
  });
}

async function start() {
  client = makeClient();
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(
      `potentia's language server did not start (${error.message}). ` +
        "Install it with: pip install 'potentia[lsp]', or set `potentia.command`."
    );
  }
}

async function stop() {
  if (client && client.needsStop()) {
    await client.stop();
  }
}

exports.activate = async (context) => {
  const restart = async () => {
    await stop();
    await start();
  };
  context.subscriptions.push(vscode.commands.registerCommand("potentia.restart", restart));
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("potentia.command")) {
        return restart();
      }
    })
  );
  await start();
};

exports.deactivate = stop;
