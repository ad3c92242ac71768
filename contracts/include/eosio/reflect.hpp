#pragma once

#include <snapscale/core/reflect.hpp>
