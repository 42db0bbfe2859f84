/* a comment that
 * goes on, "with a quote */ int after; /* and opens another
#include <not_code.h>
 */
#include <stdio.h> // why
#	define TWICE(x) \
	do { use(x); use(x); } while (0)	/* body */
static unsigned long long	load_area(struct memory_range *range, size_t n)
{
	const char *text = "/* no comment */ // none <b>", quote = '"', slash = '\\';

	if (n < 0x10UL && range[0].start / 2 >= 1e-3)
		return sizeof(uint32_t) + (u64)kexec_info(NULL);
	case KEXEC_ARCH_386: goto out; /* one */ /* two */
out:
	printf("unterminated \
on the next line");
}
