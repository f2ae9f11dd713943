package io.flannel.operator.decide;

/** Whether to carry out a FlannelNetwork as it is written. */
public sealed interface Decision {
  /** The network can be carried out on this cluster. */
  record Accept() implements Decision {}

  /**
   * Nothing speaks against the network so far, but something is still pending. Nothing is written
   * meanwhile.
   *
   * @param reason what it waits for, in one word, for programs
   * @param message the same as a sentence, for people
   */
  record Wait(String reason, String message) implements Decision {}

  /**
   * The network is not carried out; nothing is written.
   *
   * @param reason the cause in one word, for programs
   * @param message what is wrong, where and why, for people
   * @param remedy what to do about it
   */
  record Refuse(String reason, String message, String remedy) implements Decision {
    /**
     * Returns the message and the remedy as one text, so that every condition that a tool shows has
     * both.
     */
    public String withRemedy() {
      return message + "; what to do: " + remedy;
    }
  }

  static Decision accept() {
    return new Accept();
  }

  static Decision refuse(String reason, String message, String remedy) {
    return new Refuse(reason, message, remedy);
  }
}
