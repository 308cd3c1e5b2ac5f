// Opens or seals with the npm package `age-encryption`, which knows nothing of us.
//
//     node age_encryption.mjs PACKAGE open IDENTITY FILE        value on standard output
//     node age_encryption.mjs PACKAGE seal RECIPIENT FILE SEALED
//
// PACKAGE is the folder that it is installed in; IDENTITY a file with an X25519 identity, the only kind that
// the package shares with us.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [home, deed, key, file, sealed] = process.argv.slice(2);
const { Decrypter, Encrypter } = await import(pathToFileURL(join(home, "dist", "index.js")));

if (deed === "open") {
  const identity = readFileSync(key, "utf8").split("\n").find((line) => line.startsWith("AGE-SECRET-KEY-1"));
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity.trim());
  process.stdout.write(await decrypter.decrypt(readFileSync(file)));
} else {
  const encrypter = new Encrypter();
  encrypter.addRecipient(key);
  writeFileSync(sealed, await encrypter.encrypt(readFileSync(file)));
}
