import path from 'node:path';
import { examine, type Discovered } from '../foundModel.ts';
import { holdfastHome, type Machine } from '../home.ts';
import { modelPaths } from '../modelFiles.ts';
import { originSha256, readOrigin } from '../origin.ts';
import { configuredFolders } from '../places.ts';

/** Holdfast's own models. A file that was pulled by its name on the Hub keeps that name. */
export async function* ownModels(machine: Machine): AsyncGenerator<Discovered> {
  for await (const found of modelPaths([holdfastHome(machine).models])) {
    const origin = await readOrigin(found.path);
    yield examine(found, {
      id: origin?.id ?? found.path,
      keeper: 'holdfast',
      ...(origin === undefined ? {} : { revision: origin.revision, recordedSha256: originSha256(origin) }),
    });
  }
}

/** Models of the folders that the user named, by their paths. */
export async function* folderModels(machine: Machine): AsyncGenerator<Discovered> {
  for await (const found of modelPaths(configuredFolders(machine)))
    yield examine(found, { id: path.resolve(found.path), keeper: 'user' });
}
