// Writes and reads zip files, as far as a plugin needs it: the same files make the same bytes, and each file keeps its permissions.
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';

// 1980-01-01 00:00, the first moment a zip file can say.
const DATE = (1 << 5) | 1;
const TIME = 0;
const UNIX = 3;
const REGULAR_FILE = 0o100000;

/** @param {Array<{ name: string, mode: number, data: Buffer }>} files */
export function writeZip(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { name, mode, data } of [...files].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const packed = deflateRawSync(data, { level: 9 });
    const bytes = Buffer.from(name, 'utf8');
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // the version that is needed to unpack
    common.writeUInt16LE(0x0800, 2); // names are UTF-8
    common.writeUInt16LE(8, 4); // deflate
    common.writeUInt16LE(TIME, 6);
    common.writeUInt16LE(DATE, 8);
    common.writeUInt32LE(crcOf(data), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(bytes.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, bytes, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(((REGULAR_FILE | mode) << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    const made = Buffer.from([20, UNIX]);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), made, common, tail, bytes]));
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

/** @returns {Array<{ name: string, mode: number, date: number, data: Buffer }>} */
export function readZip(zip) {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const files = [];
  for (let i = 0, at = zip.readUInt32LE(end + 16); i < zip.readUInt16LE(end + 10); i++) {
    const [packed, nameLength, extra, comment] = [20, 28, 30, 32].map((o, n) =>
      n === 0 ? zip.readUInt32LE(at + o) : zip.readUInt16LE(at + o)
    );
    const local = zip.readUInt32LE(at + 42);
    const begin = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    files.push({
      name: zip.toString('utf8', at + 46, at + 46 + nameLength),
      mode: zip.readUInt32LE(at + 38) >>> 16,
      date: zip.readUInt32LE(at + 12),
      data: inflateRawSync(zip.subarray(begin, begin + packed)),
    });
    at += 46 + nameLength + extra + comment;
  }
  return files;
}

// crc32 is in Node from 20.15 on.
function crcOf(data) {
  return crc32(data) >>> 0;
}
