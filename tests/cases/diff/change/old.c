/*
 * load.c: put the capture kernel where the first kernel left room,
 * then leave.
 * (C) nobody
 * released under GPL
 */
#include <stdio.h>

static int load(int n)
{
	int a = 1;
	int b = 2;
	int c = 3;
	int d = 4;
	printf("%d\n", n);
	return 0;
}
