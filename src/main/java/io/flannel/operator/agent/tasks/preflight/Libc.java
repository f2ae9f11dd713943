package io.flannel.operator.agent.tasks.preflight;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The C library's calls for a raw socket, which Java does not offer. Each {@link MethodHandle}
 * takes a segment for errno first: errno belongs to the thread, and the JVM's own system calls
 * would overwrite it before Java could read it.
 */
@SuppressWarnings("restricted") // Native calls: the task runs with --enable-native-access.
final class Libc {
  /** No packet is waiting (EAGAIN; on Linux the same as EWOULDBLOCK). */
  static final int EAGAIN = 11;

  /** A signal interrupted the call. */
  static final int EINTR = 4;

  /** Layout of the segment in which a call leaves errno. */
  static final MemoryLayout CALL_STATE = Linker.Option.captureStateLayout();

  static final MethodHandle SOCKET =
      call("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
  static final MethodHandle BIND =
      call("bind", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  static final MethodHandle SETSOCKOPT =
      call(
          "setsockopt",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  static final MethodHandle SENDTO =
      call(
          "sendto",
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));
  static final MethodHandle RECV =
      call("recv", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  static final MethodHandle POLL =
      call("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  static final MethodHandle CLOSE = call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

  private static final MethodHandle STRERROR =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("strerror"),
              FunctionDescriptor.of(ADDRESS, JAVA_INT));
  private static final VarHandle ERRNO = CALL_STATE.varHandle(PathElement.groupElement("errno"));
  private static final int LONGEST_TEXT = 256;

  private Libc() {}

  /** A failed call, with its errno. */
  static final class CallException extends IOException {
    private final int errno;

    private CallException(String message, int errno) {
      super(message);
      this.errno = errno;
    }

    int errno() {
      return errno;
    }
  }

  /** A call of the C library. */
  interface Call {
    /** Returns its result; negative if it failed. */
    long run() throws Throwable;
  }

  /**
   * Runs a call and returns its result.
   *
   * @param what the call's name in the exception
   * @param state the segment that the call was given for errno
   */
  static long checked(String what, MemorySegment state, Call call) throws CallException {
    long result = unchecked(what, call);
    if (result >= 0) {
      return result;
    }
    int errno = (int) ERRNO.get(state, 0L);
    throw new CallException("%s: %s".formatted(what, text(errno)), errno);
  }

  private static long unchecked(String what, Call call) {
    try {
      return call.run();
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      // A method handle of a C function declares Throwable and throws nothing checked.
      throw new IllegalStateException(what, e);
    }
  }

  private static String text(int errno) {
    try {
      MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
      return text.reinterpret(LONGEST_TEXT).getString(0);
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("strerror", e);
    }
  }

  private static MethodHandle call(String name, FunctionDescriptor signature) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name),
        signature,
        Linker.Option.captureCallState("errno"));
  }
}
