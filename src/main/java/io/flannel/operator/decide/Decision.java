package io.flannel.operator.decide;

/** What is to be done about a FlannelNetwork as it is written. */
public sealed interface Decision {
  /** It can be carried out on this cluster. */
  record Accept() implements Decision {}

  /**
   * It can be carried out on this cluster as far as is known yet; nothing is written before it is
   * known better.
   *
   * @param reason what it waits for in one word, for programs
   * @param message the same as a sentence, for people
   */
  record Wait(String reason, String message) implements Decision {}

  /**
   * It is not carried out; nothing is written.
   *
   * @param reason the cause in one word, for programs
   * @param message what is wrong, where and why, for people
   * @param remedy what to do about it
   */
  record Refuse(String reason, String message, String remedy) implements Decision {
    /** The message with the remedy: what a person reads in whichever condition a tool shows. */
    public String withRemedy() {
      return message + "; what to do: " + remedy;
    }
  }

  /** To carry it out. */
  static Decision accept() {
    return new Accept();
  }

  /** Not to; see {@link Refuse}. */
  static Decision refuse(String reason, String message, String remedy) {
    return new Refuse(reason, message, remedy);
  }
}
