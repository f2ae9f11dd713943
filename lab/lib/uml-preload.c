/*
 * Loaded into linux.uml: what User-mode Linux up to 6.12 needs so that it boots on any processor, and does not stand still.
 *
 * ptrace sets a process' floating point registers on any processor. User-mode Linux keeps 2,696 bytes of them (XSAVE's
 * format up to AVX-512). A host whose processor has more, such as Intel's with AMX (11,008), takes them only as a whole and
 * refuses fewer with EFAULT (arch/x86/kernel/fpu/regset.c, xstateregs_set): no node would boot. So what is missing is filled
 * up with the initial state of those components, which a node's processes can't have changed: they would have to ask its
 * kernel for AMX first, and that knows nothing of it.
 *
 * munmap leaves the kernel's own memory mapped. Each time that kernel purges addresses of vmalloc it unmaps all of that
 * area and maps it again, page by page (arch/um/kernel/tlb.c, flush_tlb_kernel_range_common). An interrupt in between that
 * touches a page which is just away faults on the interrupts' stack of 16 KiB, where a
 * signal of the host takes 3 KB or more; when that overflows, to_irq_stack() (arch/um/kernel/irq.c) faults again and again
 * and the node stands still for ever, all its processor's time taken. Linux 6.13 has neither. Without the unmapping there
 * is no such moment: mapping it again replaces a page at once.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* In bytes: where XSAVE's header begins with the bit map of the components that are not in their initial state. */
#define XSTATE_BV 512
/* x87, SSE, AVX, MPX, AVX-512 and PKRU: what the first 2,696 bytes hold. */
#define KEPT 0x2ffull

/* linux.uml runs one thread at a time, on stacks too small for this. */
static uint8_t whole[1 << 16];
static size_t length;

static long set_xstate(pid_t pid, const struct iovec *kept) {
  uint64_t components;
  struct iovec all = {whole, sizeof whole};
  if (length == 0) {
    if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &all) < 0) return -1;
    length = all.iov_len;
    memset(whole, 0, sizeof whole);
  }
  if (length <= kept->iov_len) return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, kept);
  memcpy(whole, kept->iov_base, kept->iov_len);
  memcpy(&components, whole + XSTATE_BV, sizeof components);
  components &= KEPT;
  memcpy(whole + XSTATE_BV, &components, sizeof components);
  all.iov_len = length;
  return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &all);
}

long ptrace(enum __ptrace_request request, ...) {
  va_list arguments;
  pid_t pid;
  void *address, *data;
  long word;
  va_start(arguments, request);
  pid = va_arg(arguments, pid_t);
  address = va_arg(arguments, void *);
  data = va_arg(arguments, void *);
  va_end(arguments);
  switch (request) {
    case PTRACE_PEEKTEXT:
    case PTRACE_PEEKDATA:
    case PTRACE_PEEKUSER:
      /* The system call stores the word; the C library's ptrace returns it. */
      if (syscall(SYS_ptrace, request, pid, address, &word) < 0) return -1;
      errno = 0;
      return word;
    case PTRACE_SETREGSET:
      if ((uintptr_t)address == NT_X86_XSTATE) return set_xstate(pid, data);
      /* fall through */
    default:
      return syscall(SYS_ptrace, request, pid, address, data);
  }
}

/* Below are linux.uml, its heap, and what its kernel maps; the C library's own mappings are far above. */
#define END_OF_KERNEL 0x100000000000ull

int munmap(void *address, size_t length) {
  if ((uintptr_t)address < END_OF_KERNEL) return 0;
  return syscall(SYS_munmap, address, length);
}
