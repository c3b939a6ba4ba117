// expect: the mistake
#ifdef CORRECTED
#warning the correction is not perfect
#else
static_assert(sizeof(int) == 0, "the mistake");
#endif
