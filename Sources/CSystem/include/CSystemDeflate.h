// Raw deflate (RFC 1951) with one face for two libraries: zlib, which is always there, and ISA-L,
// which is faster and used where Package.swift says so. Containers, checks of what comes out, and
// the choice are Swift's.
//
// Contexts are large (zlib 256 KiB and 42 KiB, ISA-L 360 KiB and 88 KiB) and their structures none
// that Swift could import, so they live behind `void *`. All of a context's memory is taken when it
// is made: no memory is NULL there, and nothing that could happen later.
#ifndef PENSTOCK_CSYSTEM_DEFLATE_H
#define PENSTOCK_CSYSTEM_DEFLATE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

// What deflating is for.
enum { CS_DEFLATE_MORE = 0, CS_DEFLATE_FLUSH = 1, CS_DEFLATE_FINISH = 2 };

// What a call came to. Counts go in as what there is, and come out as what was taken and written.
enum {
  CS_DEFLATE_DONE = 0,        // deflating: all input taken, and flushed or finished as asked for
  CS_INFLATE_NEEDS_INPUT = 0, // inflating: all input taken, and nothing more can come out of it
  CS_DEFLATE_FULL = 1,        // no room is left, there may be more
  CS_INFLATE_END = 2,         // the data's own end; the input is taken up to there and no further
  CS_DEFLATE_BROKEN = 3,      // not deflated data; inflating only
};

static inline uint32_t cs_deflate_bounded(size_t count) {
  return count > (1u << 30) ? 1u << 30 : (uint32_t)count;
}

// --- zlib

static inline void *cs_zlib_deflate_make(int level) {
  z_stream *stream = (z_stream *)calloc(1, sizeof(z_stream));
  if (stream == NULL) return NULL;
  if (deflateInit2(stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK) return stream;
  free(stream);
  return NULL;
}
static inline void cs_zlib_deflate_reset(void *context) { deflateReset((z_stream *)context); }
static inline void cs_zlib_deflate_free(void *context) {
  deflateEnd((z_stream *)context);
  free(context);
}
// Z_BUF_ERROR, which only says that nothing moved, is no error here, and never a reason to loop.
static inline int cs_zlib_deflate(
    void *context, const uint8_t *in, size_t *inCount, uint8_t *out, size_t *outCount, int what) {
  static const int flushes[3] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
  z_stream *stream = (z_stream *)context;
  uint32_t given = cs_deflate_bounded(*inCount), room = cs_deflate_bounded(*outCount);
  int isAll = given == *inCount;
  stream->next_in = (Bytef *)in;
  stream->avail_in = given;
  stream->next_out = out;
  stream->avail_out = room;
  int result = deflate(stream, isAll ? flushes[what] : Z_NO_FLUSH);
  *inCount = given - stream->avail_in;
  *outCount = room - stream->avail_out;
  if (what == CS_DEFLATE_FINISH) return result == Z_STREAM_END ? CS_DEFLATE_DONE : CS_DEFLATE_FULL;
  return isAll && stream->avail_in == 0 && stream->avail_out > 0 ? CS_DEFLATE_DONE
                                                                 : CS_DEFLATE_FULL;
}

// What was inflated may be a secret, so that its memory is overwritten before it is free again.
static inline void *cs_zlib_alloc(void *unused, unsigned items, unsigned size) {
  (void)unused;
  size_t count = (size_t)items * size;
  max_align_t *block = (max_align_t *)malloc(sizeof(max_align_t) + count);
  if (block == NULL) return NULL;
  *(size_t *)block = count;
  return block + 1;
}
static inline void cs_zlib_free(void *unused, void *address) {
  (void)unused;
  max_align_t *block = (max_align_t *)address - 1;
  explicit_bzero(address, *(size_t *)block);
  free(block);
}

// zlib takes the window's memory when it is first needed; a dictionary makes it needed now.
static inline void *cs_zlib_inflate_make(void) {
  z_stream *stream = (z_stream *)calloc(1, sizeof(z_stream));
  if (stream == NULL) return NULL;
  stream->zalloc = cs_zlib_alloc;
  stream->zfree = cs_zlib_free;
  if (inflateInit2(stream, -15) == Z_OK) {
    if (inflateSetDictionary(stream, (const Bytef *)"", 1) == Z_OK) {
      inflateReset(stream);
      return stream;
    }
    inflateEnd(stream);
  }
  free(stream);
  return NULL;
}
static inline void cs_zlib_inflate_reset(void *context) { inflateReset((z_stream *)context); }
static inline void cs_zlib_inflate_free(void *context) {
  inflateEnd((z_stream *)context);
  free(context);
}
static inline int cs_zlib_inflate(
    void *context, const uint8_t *in, size_t *inCount, uint8_t *out, size_t *outCount) {
  z_stream *stream = (z_stream *)context;
  uint32_t given = cs_deflate_bounded(*inCount), room = cs_deflate_bounded(*outCount);
  int isAll = given == *inCount;
  stream->next_in = (Bytef *)in;
  stream->avail_in = given;
  stream->next_out = out;
  stream->avail_out = room;
  int result = inflate(stream, Z_NO_FLUSH);
  *inCount = given - stream->avail_in;
  *outCount = room - stream->avail_out;
  if (result == Z_STREAM_END) return CS_INFLATE_END;
  if (result != Z_OK && result != Z_BUF_ERROR) return CS_DEFLATE_BROKEN;
  if (stream->avail_out == 0 || !isAll) return CS_DEFLATE_FULL;
  return stream->avail_in == 0 ? CS_INFLATE_NEEDS_INPUT : CS_DEFLATE_BROKEN;
}
static inline uint32_t cs_zlib_crc32(uint32_t crc, const uint8_t *bytes, size_t count) {
  return (uint32_t)crc32_z(crc, bytes, count);
}
static inline uint32_t cs_zlib_adler32(uint32_t sum, const uint8_t *bytes, size_t count) {
  return (uint32_t)adler32_z(sum, bytes, count);
}

// --- ISA-L

// By what is installed, not by a definition: the compiler of Swift sees no other target's.
#if __has_include(<isa-l/igzip_lib.h>)
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

// The stream and its level's buffer are one block, so that there is one way to have no memory.
// `level` is 1 to 3. Level 1 has the small buffer, 84 KiB: the default one, 276, is no faster, and
// saves 0.1 % of a large text.
static inline void *cs_isal_deflate_make(int level) {
  static const uint32_t sizes[4] = {
      0, ISAL_DEF_LVL1_SMALL, ISAL_DEF_LVL2_DEFAULT, ISAL_DEF_LVL3_DEFAULT};
  size_t head = (sizeof(struct isal_zstream) + 63) & ~(size_t)63;
  size_t size = (head + sizes[level] + 63) & ~(size_t)63;
  uint8_t *block = (uint8_t *)aligned_alloc(64, size);
  if (block == NULL) return NULL;
  struct isal_zstream *stream = (struct isal_zstream *)block;
  isal_deflate_init(stream);
  stream->level = (uint32_t)level;
  stream->level_buf = block + head;
  stream->level_buf_size = sizes[level];
  return stream;
}
static inline void cs_isal_deflate_reset(void *context) {
  isal_deflate_reset((struct isal_zstream *)context);
}
static inline void cs_isal_deflate_free(void *context) { free(context); }
// Writes in units of 8 bytes at the end of the room: give it 16 or more.
static inline int cs_isal_deflate(
    void *context, const uint8_t *in, size_t *inCount, uint8_t *out, size_t *outCount, int what) {
  struct isal_zstream *stream = (struct isal_zstream *)context;
  struct isal_zstate *state = &stream->internal_state;
  uint32_t given = cs_deflate_bounded(*inCount), room = cs_deflate_bounded(*outCount);
  int isAll = given == *inCount;
  stream->next_in = (uint8_t *)in;
  stream->avail_in = given;
  stream->next_out = out;
  stream->avail_out = room;
  stream->flush = isAll && what == CS_DEFLATE_FLUSH ? SYNC_FLUSH : NO_FLUSH;
  stream->end_of_stream = isAll && what == CS_DEFLATE_FINISH;
  isal_deflate(stream);
  *inCount = given - stream->avail_in;
  *outCount = room - stream->avail_out;
  if (!isAll || stream->avail_in > 0) return CS_DEFLATE_FULL;
  int isDone = stream->avail_out > 0;
  if (what == CS_DEFLATE_FLUSH) {
    isDone = state->state == ZSTATE_NEW_HDR && state->b_bytes_valid == state->b_bytes_processed;
  } else if (what == CS_DEFLATE_FINISH) {
    isDone = state->state == ZSTATE_END;
  }
  return isDone ? CS_DEFLATE_DONE : CS_DEFLATE_FULL;
}

static inline void *cs_isal_inflate_make(void) {
  struct inflate_state *state = (struct inflate_state *)malloc(sizeof(struct inflate_state));
  if (state != NULL) {
    memset(state, 0, offsetof(struct inflate_state, tmp_in_buffer));
    isal_inflate_init(state);
  }
  return state;
}
static inline void cs_isal_inflate_reset(void *context) {
  isal_inflate_reset((struct inflate_state *)context);
}
static inline void cs_isal_inflate_free(void *context) {
  explicit_bzero(context, sizeof(struct inflate_state));
  free(context);
}

// Three things that ISA-L leaves to its caller:
// It reads up to 8 bytes ahead. Where it stops for want of room or at the data's end, the whole
// ones among them are given back; they are all of this call's input, for where it stops for want
// of input it has decoded all that it can, so that what it keeps ends within a code. (In a block's
// header they are kept: what came behind them is already put aside.)
// It counts its output in 32 bits to judge distances by; the count is kept from running over.
// And when it finds data broken it may have written what no data says, a former body's bytes among
// it, and count more than it was given. So of that call nothing counts.
static inline int cs_isal_inflate(
    void *context, const uint8_t *in, size_t *inCount, uint8_t *out, size_t *outCount) {
  struct inflate_state *state = (struct inflate_state *)context;
  uint32_t given = cs_deflate_bounded(*inCount), room = cs_deflate_bounded(*outCount);
  int isAll = given == *inCount;
  state->next_in = (uint8_t *)in;
  state->avail_in = given;
  state->next_out = out;
  state->avail_out = room;
  if (state->total_out > 1u << 30) state->total_out = 1u << 20;
  int isBroken = 0;
  int result = isal_inflate(state);
  if (result != ISAL_DECOMP_OK) {
    *inCount = 0;
    *outCount = 0;
    return CS_DEFLATE_BROKEN;
  }
  *outCount = room - state->avail_out;
  int isFinished = state->block_state == ISAL_BLOCK_FINISH;
  int isEnd = isFinished || state->block_state == ISAL_BLOCK_INPUT_DONE;
  if (isEnd || (state->avail_out == 0 && state->block_state != ISAL_BLOCK_HDR)) {
    int64_t taken = (int64_t)given - state->avail_in, ahead = state->read_in_length / 8;
    if (ahead > taken) {
      if (isEnd) isBroken = 1;
      ahead = taken;
    }
    if (ahead > 0) {
      state->avail_in += (uint32_t)ahead;
      state->read_in_length -= (int32_t)(8 * ahead);
      state->read_in &= (1ull << state->read_in_length) - 1;
    }
  }
  *inCount = given - state->avail_in;
  if (isBroken) return CS_DEFLATE_BROKEN;
  if (isFinished) return CS_INFLATE_END;
  if (state->avail_out == 0 || !isAll) return CS_DEFLATE_FULL;
  return state->avail_in == 0 ? CS_INFLATE_NEEDS_INPUT : CS_DEFLATE_BROKEN;
}
static inline uint32_t cs_isal_crc32(uint32_t crc, const uint8_t *bytes, size_t count) {
  return crc32_gzip_refl(crc, bytes, count);
}
static inline uint32_t cs_isal_adler32(uint32_t sum, const uint8_t *bytes, size_t count) {
  return isal_adler32(sum, bytes, count);
}
#endif

#endif
