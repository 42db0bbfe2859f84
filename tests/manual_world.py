"""A small program with a manual page, in the shapes that option tables and usage texts have: all of it our own."""

# ruff: noqa: E101

PAGE = r""".\" A comment
.TH brew 8 "May 2026" Linux "User Manuals"
.SH NAME
brew \- make tea <now>
.SH DESCRIPTION
.B brew
boils water, see
.BR pot (8),
and waits.
.PP
A second paragraph with \fIwords\fP in italic.
.SH OPTIONS
.TP
.B \-h\ (\-\-help)
Say what there is.
.TP
.BI \-\-leaves= file
Take the leaves from
.IR file .

Fresh ones are better.
.SH KINDS
.B green
.RS
.TP
.BI \-\-steep= minutes
Wait so long.
.RE
.unknown macro
"""
HEADER = r"""/* { "in-a-comment", 0, 0, OPT_NO }, */
#define OPT_HELP 'h'
#define OPT_LEAVES 256
#define BREW_OPTIONS \
	{ "help",	0, 0, OPT_HELP }, \
	{ "leaves",	1, NULL, OPT_LEAVES }, \
	{ "quiet",	0, 0, OPT_QUIET }, \

"""
PROGRAM = r"""
#include "brew.h"
// "--also-a-comment  nothing"
void usage(void)
{
	printf("Usage: brew [OPTION]\n"
	       " -h, --help        Say what there is.\n"
	       "     --leaves=FILE Take the leaves\n"
	       "                   from FILE.\n"
	       "     --quiet       Say \"nothing\" /* really */.\n"
	       "\n");
	fprintf(stderr, "--quiet only works at night\n");
}
"""
ARCHITECTURE = r"""
#define KEXEC_ARCH_OPTIONS \
	BREW_OPTIONS \
	{ "steep", required_argument, NULL, 'm' }, \
	{ "kettle", 1, 0, OPT_KETTLE },
static const char usage[] =
"     --kettle=<name> Which kettle.\n";
"""
