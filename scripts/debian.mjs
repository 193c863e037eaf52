// What the tests need besides npm packages, on Debian: found where it is, installed with apt-get where we are root.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Installs Debian packages; throws with what to do where that is not possible. */
export function installDebianPackages(wanted, say) {
  if (wanted.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    throw new Error(
      `Missing: ${wanted.join(', ')}. Install them (Debian: apt-get install ${wanted.join(' ')}) and run again.`,
    );
  say(`installing ${wanted.join(', ')}`);
  aptGet('update', '-qq');
  aptGet('install', '-y', '-qq', '--no-install-recommends', ...wanted);
}

/** apt-get's own output goes to stderr: stdout belongs to test results. */
function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const done = spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], env });
  if (done.status !== 0) throw new Error(`apt-get ${args.join(' ')} ended with ${done.status ?? done.signal}.`);
}

/** A Chromium or Chrome: the one named by CHROMIUM, else one that is installed, else Debian's, installed now. */
export function ensureChromium(say) {
  const found = chromiumPath();
  if (found !== undefined) return found;
  const named = process.env.CHROMIUM;
  if (named) throw new Error(`CHROMIUM names ${named}, which does not exist.`);
  installDebianPackages(['chromium'], say);
  const installed = chromiumPath();
  if (installed === undefined) throw new Error('Chromium was installed, but not where it is expected.');
  return installed;
}

function chromiumPath() {
  const named = process.env.CHROMIUM;
  if (named) return existsSync(named) ? named : undefined;
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => existsSync(file));
}

/** Vulkan on the CPU: the driver that Debian's Chromium carries, with the loader that finds it. Gives the driver's file. */
export function ensureSwiftShader(say) {
  const driver = '/usr/lib/chromium/vk_swiftshader_icd.json';
  const loaders = spawnSync('ldconfig', ['-p'], { encoding: 'utf8' }).stdout ?? '';
  const missing = [
    ...(existsSync(driver) ? [] : ['chromium']),
    ...(loaders.includes('libvulkan.so.1') ? [] : ['libvulkan1']),
  ];
  installDebianPackages(missing, say);
  if (!existsSync(driver)) throw new Error(`Chromium was installed without ${driver}.`);
  return driver;
}
