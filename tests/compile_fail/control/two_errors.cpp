// expect: the first of two
#ifndef CORRECTED
static_assert(sizeof(int) == 0, "the first of two");
static_assert(sizeof(int) == 0, "the second");
#endif
