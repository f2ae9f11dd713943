package io.flannel.operator.agent.checks;

import java.util.Optional;
import java.util.function.Function;

/** The result of an attempt to read something on the node. */
public sealed interface ReadResult<T> {
  /** It exists and was understood. */
  record Read<T>(T what) implements ReadResult<T> {}

  /** It does not exist. */
  record Absent<T>() implements ReadResult<T> {}

  /**
   * It could not be read.
   *
   * @param why what was tried, how it failed, and what to do
   */
  record Failed<T>(String why) implements ReadResult<T> {}

  static <T> ReadResult<T> read(T what) {
    return new Read<>(what);
  }

  static <T> ReadResult<T> absent() {
    return new Absent<>();
  }

  static <T> ReadResult<T> failed(String why) {
    return new Failed<>(why);
  }

  /** What was read; empty if it is absent or could not be read. */
  default Optional<T> value() {
    return this instanceof Read<T>(T what) ? Optional.of(what) : Optional.empty();
  }

  /** Applies a function to the value; absent and failed results stay what they are. */
  default <U> ReadResult<U> flatMap(Function<T, ReadResult<U>> next) {
    return switch (this) {
      case Read<T>(T what) -> next.apply(what);
      case Absent<T>() -> absent();
      case Failed<T>(String why) -> failed(why);
    };
  }
}
