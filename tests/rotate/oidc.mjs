// A server of OAuth 2.0 with two clients, each of which may ask for a token by its secret: once by HTTP Basic, once in the body.
// Arguments: the folder with oidc-provider, the port, the secret of both.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, port, secret] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(createRequire(folder + "/").resolve("oidc-provider")));
const client = (client_id, token_endpoint_auth_method) => ({
  client_id,
  client_secret: secret,
  token_endpoint_auth_method,
  grant_types: ["client_credentials"],
  redirect_uris: [],
  response_types: [],
  scope: "api:read",
});
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client("web:basic", "client_secret_basic"), client("web/post", "client_secret_post")],
  scopes: ["api:read", "api:write"],
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
});
provider.listen(Number(port), "127.0.0.1");
