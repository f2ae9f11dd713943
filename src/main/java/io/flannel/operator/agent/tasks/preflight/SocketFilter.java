package io.flannel.operator.agent.tasks.preflight;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A filter that the kernel runs before it copies a packet to a raw socket, so that a socket that
 * looks for a few packets does not get copies of all UDP or tunnel traffic of the node (classic
 * BPF, see Documentation/networking/filter.rst). The kernel reads the numbers in network order.
 *
 * @param behindIpv4Header whether offsets count from the end of the IPv4 header with which the
 *     packet begins; else from the packet's first byte
 * @param tests those that a packet must all pass
 */
record SocketFilter(boolean behindIpv4Header, List<Test> tests) {
  /**
   * The value that a number in the packet must have.
   *
   * @param offset of the number, in bytes
   * @param bytes length of the number: 2 or 4
   * @param value unsigned
   */
  record Test(int offset, int bytes, int value) {
    Test {
      if (bytes != Short.BYTES && bytes != Integer.BYTES) {
        throw new IllegalArgumentException("a test of %d bytes, not 2 or 4".formatted(bytes));
      }
    }
  }

  /** X = 4 × (first byte & 15): the length of an IPv4 header. */
  private static final short LOAD_HEADER_LENGTH = 0xb1;

  private static final short LOAD_X = 0x01;
  private static final short LOAD_WORD_BEHIND_X = 0x40;
  private static final short LOAD_HALF_BEHIND_X = 0x48;
  private static final short JUMP_IF_EQUAL = 0x15;
  private static final short RETURN = 0x06;
  private static final int ALL_OF_IT = -1;
  private static final int INSTRUCTION = 8;
  private static final int PROGRAM = 16;

  /** Returns a struct sock_fprog, which points to the instructions. */
  MemorySegment program(Arena arena) {
    int length = 1 + 2 * tests.size() + 2;
    MemorySegment code = arena.allocate((long) INSTRUCTION * length, Integer.BYTES);
    set(code, 0, behindIpv4Header ? LOAD_HEADER_LENGTH : LOAD_X, 0, 0);
    int reject = length - 1;
    int at = 1;
    for (Test test : tests) {
      boolean word = test.bytes() == Integer.BYTES;
      set(code, at++, word ? LOAD_WORD_BEHIND_X : LOAD_HALF_BEHIND_X, 0, test.offset());
      // Jumps count from the next instruction.
      set(code, at, JUMP_IF_EQUAL, reject - at - 1, test.value());
      at++;
    }
    set(code, at, RETURN, 0, ALL_OF_IT);
    set(code, reject, RETURN, 0, 0);
    MemorySegment program = arena.allocate(PROGRAM, Long.BYTES);
    program.set(JAVA_SHORT, 0, (short) length);
    program.set(ADDRESS, Long.BYTES, code);
    return program;
  }

  private static void set(MemorySegment code, int index, short operation, int ifNot, int value) {
    long at = (long) INSTRUCTION * index;
    code.set(JAVA_SHORT, at, operation);
    code.set(JAVA_BYTE, at + 3, (byte) ifNot);
    code.set(JAVA_INT, at + Integer.BYTES, value);
  }
}
