// expect: the mistake
#ifdef CORRECTED
static_assert(sizeof(int) == 0, "the correction is wrong too");
#else
static_assert(sizeof(int) == 0, "the mistake");
#endif
